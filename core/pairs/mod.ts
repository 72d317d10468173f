/**
 * Which rows are compared, and which of the pairs belong together.
 *
 * @module
 */
export * from "./aligned.ts";
export { joinRelations, labelRelation } from "./relation.ts";
export * from "./same_label.ts";
export * from "./types.ts";
