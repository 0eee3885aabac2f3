//! What `wit-bindgen` makes of the interfaces.

wit_bindgen::generate!({
    path: "../wit",
    world: "between",
    generate_all,
    pub_export_macro: true,
    export_macro_name: "export_bridge",
});
