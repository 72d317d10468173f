"""CachedMultipleNegativesRankingLoss of sentence-transformers over a BERT of random weights.

The nearest that BERT comes to the transformer of bench/cases.ts: the same sizes and the mean over tokens, but norms
behind the branches, a norm of the embeddings and token types. Its dropout is off.

python3 sentence_transformers_caching.py --encoder transformer --method cached --batch 512 --chunk 64
"""

import os

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from encoders import HEADS, HIDDEN, LAYERS, LENGTH, VOCABULARY, WIDTH, texts
from point import measure, read_options
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.losses import CachedMultipleNegativesRankingLoss
from transformers import BertConfig, BertModel

TEMPERATURE = 0.05


class Bert(torch.nn.Module):
    """A module of sentence-transformers: token features to the mean over tokens."""

    def __init__(self):
        super().__init__()
        config = BertConfig(
            vocab_size=VOCABULARY,
            hidden_size=WIDTH,
            num_hidden_layers=LAYERS,
            num_attention_heads=HEADS,
            intermediate_size=HIDDEN,
            max_position_embeddings=LENGTH,
            hidden_dropout_prob=0,
            attention_probs_dropout_prob=0,
        )
        self.bert = BertModel(config, add_pooling_layer=False)

    def forward(self, features):
        ids, mask = features["input_ids"], features["attention_mask"]
        x = self.bert(input_ids=ids, attention_mask=mask).last_hidden_state
        weights = mask / mask.sum(1, keepdim=True)
        return {**features, "sentence_embedding": torch.bmm(weights[:, None], x).squeeze(1)}


def main():
    options = read_options(["cached"], ["transformer"])
    torch.manual_seed(0)
    encoder = SentenceTransformer(modules=[Bert()], device="cpu")
    chunk = options.chunk or options.batch
    loss = CachedMultipleNegativesRankingLoss(encoder, scale=1 / TEMPERATURE, mini_batch_size=chunk)

    def step(_encoder, inputs, _chunk):
        value = loss([{"input_ids": ids, "attention_mask": mask} for ids, mask in inputs], None)
        value.backward()
        return value.detach()

    measure(options, encoder, texts, step)


main()
