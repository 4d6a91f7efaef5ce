"""How much memory a model takes, from the numbers of its configuration alone: nothing is downloaded, nothing is run.

Used by notebooks 01, 03 and 04 and by `diaglib fit`. Rule: the closed form counts the parameters that transformers builds.
"""

from diaglib.footprint.architecture import Architecture, Matrix, read_architecture
from diaglib.footprint.changes import Change, smallest_change_that_fits
from diaglib.footprint.gpus import Gpu, fits, known_gpus, read_gpu
from diaglib.footprint.predict import (
    PRECISIONS,
    Footprint,
    TrainingPlan,
    predict_generation,
    predict_training,
    predict_weights_mib,
)

__all__ = [
    "PRECISIONS",
    "Architecture",
    "Change",
    "Footprint",
    "Gpu",
    "Matrix",
    "TrainingPlan",
    "fits",
    "known_gpus",
    "predict_generation",
    "predict_training",
    "predict_weights_mib",
    "read_architecture",
    "read_gpu",
    "smallest_change_that_fits",
]
