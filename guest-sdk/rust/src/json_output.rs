//! Outputs whose content is one value of a type, as JSON.

use std::{fmt, marker::PhantomData};

use crate::{Artifact, Kind};

/// A declared output that holds one `T` as JSON. The attribute [`job`](crate::job) makes one for each
/// `output(…, json = T)`, as a constant of `Outputs`; [`Context::save_json`](crate::Context::save_json) writes it, and takes
/// no value of another type:
///
/// ```compile_fail,E0308
/// # use fuelcell_sdk::{Context, JsonOutput, Result};
/// fn save(context: &Context, numbers: JsonOutput<Vec<u64>>) {
///     let _ = context.save_json(numbers, &vec!["one"]);
/// }
/// ```
pub struct JsonOutput<T: ?Sized> {
    name: &'static str,
    kind: Kind,
    type_name: &'static str,
    title: &'static str,
    primary: bool,
    value: PhantomData<fn(&T)>,
}

impl<T: ?Sized> JsonOutput<T> {
    /// The output of this name; the attribute calls it with what it declares.
    #[doc(hidden)]
    pub const fn declared(name: &'static str, kind: Kind, type_name: &'static str) -> Self {
        Self { name, kind, type_name, title: name, primary: false, value: PhantomData }
    }

    /// Its file name.
    pub const fn name(self) -> &'static str {
        self.name
    }

    /// A title for people.
    #[must_use]
    pub const fn title(self, title: &'static str) -> Self {
        Self { title, ..self }
    }

    /// Makes it the one output that clients show first.
    #[must_use]
    pub const fn primary(self) -> Self {
        Self { primary: true, ..self }
    }

    pub(crate) fn artifact(self) -> Artifact {
        let artifact = Artifact::new(self.name, self.kind)
            .type_name(self.type_name)
            .title(self.title)
            .media_type("application/json");
        if self.primary { artifact.primary() } else { artifact }
    }
}

impl<T: ?Sized> Clone for JsonOutput<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: ?Sized> Copy for JsonOutput<T> {}

impl<T: ?Sized> fmt::Debug for JsonOutput<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("JsonOutput").field(&self.name).finish()
    }
}
