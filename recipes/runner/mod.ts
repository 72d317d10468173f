/**
 * What recipes and benches are written with.
 *
 * @module
 */
export * from "./axis.ts";
export * from "./contact_sheet.ts";
export * from "./dot_chart.ts";
export * from "./figures.ts";
export * from "./line_chart.ts";
export * from "./progress.ts";
export * from "./recipe.ts";
export * from "./run_folder.ts";
export * from "./scatter.ts";
export * from "./table.ts";
export * from "./training_state.ts";
