//! The RocksDB backend as a library that the storage manager can load: linking it exports what the loader looks for.
pub use zenoh_backend_rocksdb::*;
