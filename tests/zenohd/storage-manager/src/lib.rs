//! The storage manager as a library that zenohd can load: linking it exports the functions the loader looks for.
pub use zenoh_plugin_storage_manager::*;
