"""The series of notebooks: run them headlessly, keep what is finished, write reports and an index page."""

from diaglib.runs.colab import runtime_words
from diaglib.runs.gallery import gallery
from diaglib.runs.series import Entry, folder_name, is_headless, load_series, output_folder

__all__ = ["Entry", "folder_name", "gallery", "is_headless", "load_series", "output_folder", "runtime_words"]
