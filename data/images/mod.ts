/**
 * Images: sets of them, their sources, and random views.
 *
 * @module
 */
export * from "./augmentation/mod.ts";
export * from "./emoji.ts";
export * from "./emoji_families.ts";
export * from "./icons.ts";
export * from "./image_set.ts";
export * from "./published/mod.ts";
export * from "./split_by_class.ts";
