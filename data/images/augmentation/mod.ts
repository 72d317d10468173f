/**
 * Random views of images, drawn for each example alone.
 *
 * @module
 */
export * from "./augmentation.ts";
export * from "./options.ts";
