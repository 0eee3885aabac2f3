//! Bytes between JavaScript and Rust.

use rquickjs::{Ctx, Error, Exception, Result, String as Text, TypedArray, Value};

/// The bytes of an array.
pub(crate) fn of_array(array: &TypedArray<'_, u8>) -> Result<Vec<u8>> {
    // SAFETY: the bytes are copied before any JavaScript runs that could change or free them.
    #[allow(unsafe_code)]
    let bytes = unsafe { array.as_bytes() };
    bytes.map(<[u8]>::to_vec).ok_or(Error::Unknown)
}

/// The bytes of an array, or of a text in UTF-8.
pub(crate) fn of_value(ctx: &Ctx<'_>, value: &Value<'_>) -> Result<Vec<u8>> {
    match value.as_string() {
        Some(text) => Ok(text.to_string()?.into_bytes()),
        None => match value.as_object().and_then(|object| object.as_typed_array::<u8>()) {
            Some(array) => of_array(array),
            None => Err(Exception::throw_type(ctx, "bytes are a Uint8Array or a text")),
        },
    }
}

/// An array of these bytes.
pub(crate) fn to_array(ctx: Ctx<'_>, bytes: Vec<u8>) -> Result<TypedArray<'_, u8>> {
    TypedArray::new(ctx, bytes)
}

/// A text of bytes in UTF-8; what is none is replaced, or nothing is answered.
pub(crate) fn decoded<'js>(ctx: Ctx<'js>, bytes: &[u8], strict: bool) -> Result<Option<Text<'js>>> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Text::from_str(ctx, text).map(Some),
        Err(_) if strict => Ok(None),
        Err(_) => Text::from_str(ctx, &String::from_utf8_lossy(bytes)).map(Some),
    }
}
