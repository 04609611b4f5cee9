//! The RocksDB backend as a library that the storage manager can load: linking it exports what the loader looks for.
pub use zenoh_backend_rocksdb::*;

/// An older RocksDB of the system has no such function. It would free what nobody here makes, and is never called.
#[cfg(system_rocksdb)]
#[no_mangle]
pub extern "C" fn rocksdb_write_buffer_manager_destroy(_manager: *mut std::ffi::c_void) {}
