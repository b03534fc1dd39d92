"""torch.utils.model_zoo: the hub's download under its older name."""

from corelib.hub import load_state_dict_from_url as load_url

__all__ = ["load_url"]
