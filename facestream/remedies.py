"""What a person can do about an error of the operating system: the same advice for the same error, everywhere."""

import errno

_SPACE = "free up space on that disk"
_PERMISSIONS = "check its owner and permissions"
_PROGRAMS = "close other programs, or lower analysis_processes"
_REMEDIES = {
    errno.ENOSPC: _SPACE,
    errno.EDQUOT: _SPACE,
    errno.EMFILE: "allow more open files with `ulimit -n 4096`",
    errno.ENFILE: "close other programs",
    errno.ENOMEM: _PROGRAMS,
    errno.EAGAIN: _PROGRAMS,
    errno.EACCES: _PERMISSIONS,
    errno.EPERM: _PERMISSIONS,
    errno.EROFS: "choose a writable location",
    errno.ENOENT: "check that it exists",
    errno.EEXIST: "a file has that name; choose another",
    errno.ENOTDIR: "a part of its path is a file; choose another location",
    errno.ELOOP: "its links lead in a circle; correct them",
    errno.ENAMETOOLONG: "choose a shorter name",
    errno.EIO: "check that disk, which has errors",
}


def remedy_of(error: OSError, otherwise: str = "correct the cause and start again") -> str:
    """What to do, to be put after the error's own text; `otherwise` if the error itself says too little."""
    return _REMEDIES.get(error.errno or 0, otherwise)
