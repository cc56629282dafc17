"""Imaging: data from outside as `Case` and `Image`, and results as standard files.

`read` detects the format and gives a `Case`; `read_kspace` does the same for what a scanner
measured before it was an image, and gives a `KSpace`; `describe` says what a case holds; the
writers leave NIfTI, DICOM, ISMRMRD, BART, VTP/PVD and CSV files that appear complete or not at
all; `datasets` names the public data
sets and the embedded demo study. Patients' positions are RAS+ mm, oblique planes stay oblique.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
