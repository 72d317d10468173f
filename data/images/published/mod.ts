/**
 * The image sets that metric learning is measured on, read from folders as they were published.
 *
 * @module
 */
export * from "./cars_196.ts";
export * from "./cub_200_2011.ts";
export * from "./in_shop.ts";
export * from "./options.ts";
export * from "./stanford_online_products.ts";
