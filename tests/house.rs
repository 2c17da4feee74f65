//! The walls between the modules, as a test.
