//! Random numbers for secrets and for names of temporary files.

use crate::error::{Error, Exit, Result};

/// `N` random bytes, at most 256. From the kernel, by its system call: a statically linked library may look for /dev/urandom instead, which a
/// bare root file system does not have.
///
/// # Errors
/// [`Exit::Bug`] where the system has none.
pub fn random<const N: usize>() -> Result<[u8; N]> {
    let mut bytes = [0; N];
    let filled = rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty());
    // Up to 256 bytes come whole or not at all (getrandom(2)).
    match filled {
        Ok(length) if length == N => Ok(bytes),
        Ok(_) => Err(Error::new(Exit::Bug, "the system gave too few random numbers")),
        Err(e) => Err(Error::new(Exit::Bug, "the system has no random numbers").because(e)),
    }
}
