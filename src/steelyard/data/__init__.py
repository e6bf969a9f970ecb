"""Any data as a lazy frame, and what its columns mean."""

from steelyard.data.roles import Roles, Task
from steelyard.data.table import Kind, Table

__all__ = ["Kind", "Roles", "Table", "Task"]
