//! The fake over real HTTP: by raw requests, and by the official SDK for Python.
