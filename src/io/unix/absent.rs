//! UNIX sockets, of which Windows has too little to be useful here.

crate::bridge::operations! {}
