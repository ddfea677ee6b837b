"""The tree language raises the project's own errors."""

from perception.errors import ConfigError, ContractError, LimitError, TreeError

__all__ = ["ConfigError", "ContractError", "LimitError", "TreeError"]
