//! Pure edits of configuration files.
