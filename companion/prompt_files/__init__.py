"""Prompt files that people bring, by the lab's rules (`src/formats/prompts.ts`): one table of cases tests both."""

from companion.prompt_files.files import read_prompt_list
from companion.prompt_files.records import PromptRow

__all__ = ["PromptRow", "read_prompt_list"]
