/**
 * What recipes and benches are written with.
 *
 * @module
 */
export * from "./axis.ts";
export * from "./figures.ts";
export * from "./line_chart.ts";
export * from "./progress.ts";
export * from "./recipe.ts";
export * from "./run_folder.ts";
export * from "./table.ts";
