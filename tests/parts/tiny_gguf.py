"""A llama model of half a megabyte with random weights: words in, words out, the same file every time."""

from pathlib import Path

import gguf
import numpy as np
import numpy.typing as npt

EMBEDDING, LAYERS, HEADS, FEED_FORWARD, CONTEXT = 64, 2, 4, 128, 8192
WORDS = (
    "the cost of this model is low high gpu token price hour budget route api server idle power cache local cloud "
    "team runs and for to in on we you it not more less when then saves spend prompt answer fast slow large small "
    "yes no maybe because query reply batch night day week"
)
SPECIAL = ["<unk>", "<s>", "</s>", "<|im_start|>", "<|im_end|>"]
TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{m['role']}}\n{{m['content']}}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
Floats = npt.NDArray[np.float32]


def write_tiny_gguf(path: Path) -> None:
    """Write the model to `path`."""
    writer = gguf.GGUFWriter(str(path), "llama")
    _describe(writer)
    vocabulary = _tokenizer(writer)
    _tensors(writer, vocabulary)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _describe(writer: gguf.GGUFWriter) -> None:
    writer.add_name("costtui-tiny-random")
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(EMBEDDING)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_rope_dimension_count(EMBEDDING // HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_file_type(0)


def _tokenizer(writer: gguf.GGUFWriter) -> int:
    """Five special tokens, every byte, a space and the words; the number of tokens."""
    space = "\u2581"
    tokens = [*SPECIAL, *(f"<0x{byte:02X}>" for byte in range(256)), space, *(space + word for word in WORDS.split())]
    writer.add_vocab_size(len(tokens))
    writer.add_tokenizer_model("llama")
    writer.add_token_list(tokens)
    writer.add_token_scores([0.0] * 261 + [-1000.0] + [-float(rank + 1) for rank in range(len(WORDS.split()))])
    writer.add_token_types([2, 3, 3, 3, 3] + [6] * 256 + [1] * (1 + len(WORDS.split())))
    writer.add_bos_token_id(1)
    writer.add_eos_token_id(2)
    writer.add_unk_token_id(0)
    writer.add_add_bos_token(True)
    writer.add_add_eos_token(False)
    writer.add_chat_template(TEMPLATE)
    return len(tokens)


def _tensors(writer: gguf.GGUFWriter, vocabulary: int) -> None:
    dice = np.random.default_rng(7)

    def draw(*shape: int, scale: float = 2.0) -> Floats:
        drawn: Floats = (dice.standard_normal(shape) * scale / np.sqrt(shape[-1])).astype(np.float32)
        return drawn

    ones = np.ones(EMBEDDING, np.float32)
    writer.add_tensor("token_embd.weight", draw(vocabulary, EMBEDDING, scale=8.0))
    writer.add_tensor("output_norm.weight", ones)
    output = draw(vocabulary, EMBEDDING, scale=16.0)
    output[:262] = 0  # only the words get a logit other than 0, so mostly words come out
    writer.add_tensor("output.weight", output)
    square, up, down = (EMBEDDING, EMBEDDING), (FEED_FORWARD, EMBEDDING), (EMBEDDING, FEED_FORWARD)
    shapes = [(f"attn_{part}", square) for part in ("q", "k", "v", "output")]
    for block in range(LAYERS):
        for name, shape in [*shapes, ("ffn_gate", up), ("ffn_up", up), ("ffn_down", down)]:
            writer.add_tensor(f"blk.{block}.{name}.weight", draw(*shape))
        writer.add_tensor(f"blk.{block}.attn_norm.weight", ones)
        writer.add_tensor(f"blk.{block}.ffn_norm.weight", ones)
