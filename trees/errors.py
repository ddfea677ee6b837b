"""The tree language raises the project's own TreeError and ContractError."""

from perception.errors import ContractError, TreeError

__all__ = ["ContractError", "TreeError"]
