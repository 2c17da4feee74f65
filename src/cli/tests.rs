//! What commands print, as people see it.
