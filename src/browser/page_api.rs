//! `window.duplex`: functions of the page as promises of JSON values.

use std::{future::Future, pin::Pin};

use js_sys::{Function, JSON, Object, Promise, Reflect};
use serde_json::Value;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::future_to_promise;
use web_sys::window;

use crate::core::json;

type Answer = Pin<Box<dyn Future<Output = Result<Value, String>>>>;

/// An object to hang functions on.
#[derive(Clone, Default)]
pub struct Namespace(Object);

impl Namespace {
    pub fn value(&self, name: &str, value: &str) -> &Self {
        self.set(name, &value.into())
    }

    pub fn namespace(&self, name: &str, inner: &Self) -> &Self {
        self.set(name, &inner.0)
    }

    /// A function that answers at once.
    pub fn now(&self, name: &str, call: impl Fn() -> Value + 'static) -> &Self {
        let call = Closure::<dyn Fn() -> JsValue>::new(move || js_from(&call()));
        self.set(name, call.into_js_value().unchecked_ref::<Function>())
    }

    /// A function of one JSON argument that promises an answer; an error rejects with its sentence.
    pub fn promise<F>(&self, name: &str, call: impl Fn(Value) -> F + 'static) -> &Self
    where
        F: Future<Output = Result<Value, String>> + 'static,
    {
        self.promise_boxed(name, Box::new(move |argument| Box::pin(call(argument))))
    }

    /// Boxed, so that one shim serves every function.
    fn promise_boxed(&self, name: &str, call: Box<dyn Fn(Value) -> Answer>) -> &Self {
        let call = Closure::<dyn Fn(JsValue) -> Promise>::new(move |argument: JsValue| {
            let answer = value_from(&argument).map(&call);
            future_to_promise(async move {
                let answer = match answer {
                    Ok(answer) => answer.await,
                    Err(sentence) => Err(sentence),
                };
                answer
                    .map(|value| js_from(&value))
                    .map_err(|sentence| js_sys::Error::new(&sentence).into())
            })
        });
        self.set(name, call.into_js_value().unchecked_ref::<Function>())
    }

    fn set(&self, name: &str, value: &JsValue) -> &Self {
        let _ = Reflect::set(&self.0, &name.into(), value);
        self
    }

    pub fn install(&self, name: &str) {
        if let Some(window) = window() {
            let _ = Reflect::set(&window, &name.into(), &self.0);
        }
    }
}

fn js_from(value: &Value) -> JsValue {
    let text = serde_json::to_string(value).unwrap_or_default();
    JSON::parse(&text).unwrap_or_default()
}

fn value_from(argument: &JsValue) -> Result<Value, String> {
    if argument.is_undefined() {
        return Ok(Value::Null);
    }
    let text = JSON::stringify(argument)
        .ok()
        .and_then(|text| text.as_string());
    text.and_then(|text| json::parse(&text))
        .ok_or_else(|| "The argument is no JSON value.".to_owned())
}
