//! What is touched, told by tables.
