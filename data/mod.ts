/**
 * Data sources in their published formats, and what turns texts into tensors.
 *
 * @module
 */
export * from "./bert_tokenizer.ts";
export * from "./bm25.ts";
export * from "./images/mod.ts";
export * from "./inverse_document_frequency.ts";
export * from "./subword_hasher.ts";
export * from "./token_batch.ts";
export * from "./token_table.ts";
export * from "./tokenizer.ts";
export * from "./wordnet.ts";
export * from "./wordnet_retrieval.ts";
export * from "./words.ts";
