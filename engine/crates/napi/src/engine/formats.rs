//! Formats of sources and sinks, with their schemas.

use crate::decoder::NativeDecoder;
use crate::encoding::parse;
use crate::engine::{NativeEngine, collection};
use crate::error::{call, internal};
use napi_derive::napi;
use tidewire_row::FormatSettings;

#[napi]
impl NativeEngine {
    /// A decoder.
    #[napi(catch_unwind)]
    pub fn decoder(&self, options: String) -> napi::Result<NativeDecoder> {
        call(|| {
            let options: crate::encoding::DecoderOptions = parse(&options)?;
            let collection = collection(&self.collections, options.arrangement);
            NativeDecoder::create(options, collection.as_deref())
        })
    }

    /// The columns that a format's schema has, as JSON.
    #[napi(catch_unwind)]
    pub fn schema_columns(&self, format: String) -> napi::Result<String> {
        call(|| {
            let format: crate::encoding::DecodeFormat = parse(&format)?;
            let Ok(format) = format.schema_format() else { return Err(internal("the format has no schema")) };
            let columns = format
                .columns()?
                .into_iter()
                .map(|column| serde_json::json!({ "name": column.name, "type": column.column }));
            Ok(serde_json::Value::from_iter(columns).to_string())
        })
    }

    /// The text of the schema of a sink's messages.
    #[napi(catch_unwind)]
    pub fn sink_schema(&self, options: String) -> napi::Result<String> {
        call(|| parse::<crate::encoding::SinkSchema>(&options)?.text())
    }

    /// Refuses columns that a format's schema does not have, or that its values cannot become.
    #[napi(catch_unwind)]
    pub fn check_columns(&self, format: String, columns: String) -> napi::Result<()> {
        call(|| {
            let format: crate::encoding::DecodeFormat = parse(&format)?;
            let columns: Vec<crate::encoding::DecodeColumn> = parse(&columns)?;
            let fields: Vec<_> = columns.into_iter().map(|column| column.field()).collect();
            format.message_format(&fields, &FormatSettings::default()).map(|_| ())
        })
    }
}
