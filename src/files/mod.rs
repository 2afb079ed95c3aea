//! Files as they are read and written here: whole or not at all, and without surprises on a volume that others can
//! write.

pub mod publish;
pub mod read;
pub mod trouble;
