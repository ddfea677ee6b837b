"""The tree language raises the project's own errors."""

from perception.errors import ContractError, LimitError, TreeError

__all__ = ["ContractError", "LimitError", "TreeError"]
