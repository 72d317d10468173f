/**
 * Losses over representation matrices.
 *
 * A loss is a function of one matrix `[examples, dim]` per input, made by a factory with options.
 *
 * ```ts
 * import { infoNCE, learnableTemperature, symmetric } from "@gradfold/gradfold/losses";
 * import { useBackend } from "@gradfold/gradfold/core";
 *
 * await useBackend({ backend: "cpu", quiet: true });
 * const loss = symmetric(infoNCE({ temperature: learnableTemperature({ initial: 0.07 }) }));
 * ```
 *
 * @module
 */
export type { GivenProxies, NewProxies, ProxyLoss, ProxyOptions } from "./_proxies.ts";
export * from "./angular.ts";
export * from "./arc_face.ts";
export * from "./barlow_twins.ts";
export * from "./binomial_deviance.ts";
export * from "./circle.ts";
export * from "./clip.ts";
export * from "./contrastive.ts";
export * from "./cos_face.ts";
export * from "./dcl.ts";
export * from "./fast_ap.ts";
export * from "./generalized_lifted_structure.ts";
export * from "./gist.ts";
export * from "./info_nce.ts";
export * from "./joint_info_nce.ts";
export * from "./lifted_structure.ts";
export * from "./loss_weights.ts";
export * from "./margin.ts";
export * from "./matryoshka.ts";
export * from "./mega_batch_margin.ts";
export * from "./multi_similarity.ts";
export * from "./n_pairs.ts";
export * from "./nca.ts";
export * from "./normalized_softmax.ts";
export * from "./nt_xent.ts";
export * from "./pair_weighting.ts";
export * from "./pair_weights.ts";
export * from "./proxy_anchor.ts";
export * from "./proxy_nca.ts";
export * from "./semi_hard_triplet.ts";
export * from "./sig_lip.ts";
export * from "./soft_triple.ts";
export * from "./sup_con.ts";
export * from "./symmetric.ts";
export * from "./temperature.ts";
export * from "./triplet.ts";
export * from "./vicreg.ts";
export * from "./weight_curves.ts";
