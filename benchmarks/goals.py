"""The least ratios that are asked for of the cpu device with its kernels in C; a case without one of its own must reach its set's."""

from benchmarks.cases import CASES

_OWN = {
    "first_add_small": 1.5, "first_add_small_grad": 1.3, "first_view_chain_small": 1.0, "first_backward_tiny": 2.0, "first_train_mlp_tiny": 2.0,
    "first_train_mlp_seed": 1.0, "first_train_mlp_adam": 1.1, "first_elementwise_64k": 1.1, "first_elementwise_16M": 3.0, "first_softmax": 1.3,
    "first_layer_norm": 1.0, "first_gelu": 1.3, "first_sum_dim": 1.3, "first_matmul_512": 0.95, "first_bmm": 1.0, "first_conv_fwd": 1.0,
    "first_gather_index": 1.0, "first_cat": 1.0, "first_train_cnn": 0.9, "first_train_resblock": 1.0, "first_train_lstm": 1.0, "first_train_gpt": 0.9,
}  # fmt: skip

GOALS = {name: _OWN.get(name, 0.6) for name in CASES}
