"""Imaging: data from outside as `Case` and `Image`, and results as standard files.

`read` detects the format and gives a `Case`; `read_kspace` does the same for what a scanner
measured before it was an image, and gives a `KSpace`; `describe` says what a case holds; the
writers leave NIfTI, DICOM, ISMRMRD, BART, VTP/PVD and CSV files that appear complete or not at
all; `datasets` names the public data
sets and the embedded demo study. Patients' positions are RAS+ mm, oblique planes stay oblique.
"""

from corporis.imaging.datasets import demo_study, fetch
from corporis.imaging.description import describe, describe_image, orientation_name
from corporis.imaging.dicom_writer import write_dicom
from corporis.imaging.image import Image
from corporis.imaging.kspace import KSpace
from corporis.imaging.kspace_reader import read_kspace
from corporis.imaging.kspace_writer import write_cfl, write_ismrmrd
from corporis.imaging.meshes import write_pvd, write_vtp
from corporis.imaging.nifti import write_nifti
from corporis.imaging.output import OutputFolder, atomic_path
from corporis.imaging.reader import read
from corporis.imaging.table import write_measures

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
