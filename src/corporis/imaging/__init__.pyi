from .datasets import demo_study, fetch
from .description import describe, describe_image, orientation_name
from .dicom_writer import write_dicom
from .image import Image
from .kspace import KSpace
from .kspace_reader import read_kspace
from .kspace_writer import write_cfl, write_ismrmrd
from .meshes import write_pvd, write_vtp
from .nifti import write_nifti
from .output import OutputFolder, atomic_path
from .reader import read
from .table import write_measures

__all__ = [
    "Image",
    "KSpace",
    "OutputFolder",
    "atomic_path",
    "demo_study",
    "describe",
    "describe_image",
    "fetch",
    "orientation_name",
    "read",
    "read_kspace",
    "write_cfl",
    "write_dicom",
    "write_ismrmrd",
    "write_measures",
    "write_nifti",
    "write_pvd",
    "write_vtp",
]
