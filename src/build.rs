//! Tells the linker what a program that is to be cut into chunks needs.

fn main() {
    println!("cargo::rerun-if-changed=src/build.rs");
    if std::env::var_os("CARGO_FEATURE_SPLIT").is_some() {
        // The splitter follows these from function to function and to data.
        println!("cargo::rustc-link-arg-bin=duplex=--emit-relocs");
    }
}
