"""Any data as a lazy frame, and what its columns mean."""

from steelyard.data.check_roles import check_roles
from steelyard.data.guess import Guess, guess_roles
from steelyard.data.peek import Peek, peek
from steelyard.data.reading import reading
from steelyard.data.roles import SINGLE, TASKS, Roles, Task
from steelyard.data.sources import Source, read, register
from steelyard.data.table import Kind, Table

__all__ = [
    "SINGLE",
    "TASKS",
    "Guess",
    "Kind",
    "Peek",
    "Roles",
    "Source",
    "Table",
    "Task",
    "check_roles",
    "guess_roles",
    "peek",
    "read",
    "reading",
    "register",
]
