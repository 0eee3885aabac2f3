package fuelcell

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// About is what a module says of itself.
type About struct {
	// Title is for people.
	Title string
	// Description says what the job does.
	Description string
	// Inputs are the files that it reads.
	Inputs []InputFile
	// Outputs are those that it makes.
	Outputs []OutputFile
	// Deterministic asks for fixed clocks and seeded randomness.
	Deterministic bool
	// HTTP are the hosts and secrets of requests that it asks its project for.
	HTTP *HTTP
	// HMAC are the names of secrets that it computes with; * for any.
	HMAC []string
	// TimeoutSeconds, MemoryBytes, DiskBytes and Fuel are its own limits; 0 = the server's.
	TimeoutSeconds, MemoryBytes, DiskBytes, Fuel uint64
}

// An InputFile is a file that a job reads.
type InputFile struct {
	// Name is what the job opens it by.
	Name string `json:"name"`
	// Parameter holds the dataset's id; with Many, an object with a name for each.
	Parameter string `json:"parameter"`
	// Formats are endings of names, such as csv.gz; none = any.
	Formats []string `json:"formats,omitempty"`
	// Required refuses a job without it.
	Required bool `json:"required,omitempty"`
	// Many makes it several files.
	Many bool `json:"many,omitempty"`
}

// An OutputFile is an output that a job makes.
type OutputFile struct {
	Name     string `json:"name"`
	Kind     Kind   `json:"kind,omitempty"`
	TypeName string `json:"type,omitempty"`
}

// HTTP is what a job's requests need.
type HTTP struct {
	// Hosts are those that are asked, such as api.example.com.
	Hosts []string `json:"hosts"`
	// Secrets are those that headers carry.
	Secrets []string `json:"secrets"`
}

func manifestOf[P any](about []About) (map[string]any, error) {
	var of About
	for _, one := range about {
		of = one
	}
	if reflect.TypeFor[P]().Kind() != reflect.Struct {
		return nil, fmt.Errorf("parameters are a struct, and no %v", reflect.TypeFor[P]())
	}
	schema, err := schemaOf(reflect.TypeFor[P]())
	if err != nil {
		return nil, err
	}
	// A parameter that nobody reads is a mistake. Those that hold inputs are the server's to know.
	schema["additionalProperties"] = false
	limits := map[string]any{}
	for name, limit := range map[string]uint64{
		"timeoutSeconds": of.TimeoutSeconds, "memoryBytes": of.MemoryBytes, "diskBytes": of.DiskBytes, "fuel": of.Fuel,
	} {
		if limit != 0 {
			limits[name] = limit
		}
	}
	schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	manifest := map[string]any{
		"interface": "0.1", "title": of.Title, "description": of.Description, "parameters": schema,
		"deterministic": of.Deterministic, "limits": limits,
	}
	if of.Inputs != nil {
		manifest["inputs"] = of.Inputs
	}
	if of.Outputs != nil {
		manifest["outputs"] = of.Outputs
	}
	if of.HTTP != nil {
		manifest["http"] = map[string]any{"hosts": listed(of.HTTP.Hosts), "secrets": listed(of.HTTP.Secrets)}
	}
	if of.HMAC != nil {
		manifest["hmac"] = of.HMAC
	}
	return manifest, nil
}

func listed(names []string) []string { return append([]string{}, names...) }

var (
	unmarshaler = reflect.TypeFor[json.Unmarshaler]()
	moment      = reflect.TypeFor[time.Time]()
)

// schemaOf is the JSON Schema of what encoding/json reads into the type.
func schemaOf(of reflect.Type) (map[string]any, error) {
	switch {
	case of == moment:
		return map[string]any{"type": "string", "format": "date-time"}, nil
	case of == reflect.TypeFor[json.Number]():
		return map[string]any{"type": "number"}, nil
	case reflect.PointerTo(of).Implements(unmarshaler):
		return map[string]any{}, nil
	}
	switch of.Kind() {
	case reflect.Interface:
		return map[string]any{}, nil
	case reflect.Bool:
		return map[string]any{"type": "boolean"}, nil
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		schema := map[string]any{"type": "integer"}
		if bits := of.Bits(); bits < 64 {
			schema["minimum"], schema["maximum"] = -(int64(1) << (bits - 1)), int64(1)<<(bits-1)-1
		}
		return schema, nil
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		schema := map[string]any{"type": "integer", "minimum": 0}
		if bits := of.Bits(); bits < 64 {
			schema["maximum"] = uint64(1)<<bits - 1
		}
		return schema, nil
	case reflect.Float32, reflect.Float64:
		return map[string]any{"type": "number"}, nil
	case reflect.String:
		return map[string]any{"type": "string"}, nil
	case reflect.Pointer:
		return nullable(of.Elem())
	case reflect.Slice, reflect.Array:
		items, err := schemaOf(of.Elem())
		if of.Elem().Kind() == reflect.Uint8 && of.Kind() == reflect.Slice {
			return map[string]any{"type": "string", "contentEncoding": "base64"}, nil
		}
		return map[string]any{"type": "array", "items": items}, err
	case reflect.Map:
		values, err := schemaOf(of.Elem())
		if of.Key().Kind() != reflect.String {
			return nil, fmt.Errorf("parameters cannot have a %v: the keys of an object are texts", of)
		}
		return map[string]any{"type": "object", "additionalProperties": values}, err
	case reflect.Struct:
		return schemaOfStruct(of)
	}
	return nil, fmt.Errorf("parameters cannot have a %v", of)
}

func nullable(of reflect.Type) (map[string]any, error) {
	schema, err := schemaOf(of)
	if err != nil {
		return nil, err
	}
	if kind, is := schema["type"].(string); is {
		schema["type"] = []string{kind, "null"}
	}
	return schema, nil
}

func schemaOfStruct(of reflect.Type) (map[string]any, error) {
	properties, required := map[string]any{}, []string{}
	for _, field := range reflect.VisibleFields(of) {
		name, optional, is := nameOf(field)
		if !is {
			continue
		}
		schema, err := schemaOf(field.Type)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", field.Name, err)
		}
		value, has := field.Tag.Lookup("default")
		if has {
			schema["default"] = jsonOf(field.Type, value)
		}
		if err := addRules(schema, field); err != nil {
			return nil, fmt.Errorf("%s: %w", field.Name, err)
		}
		properties[name] = schema
		if !optional && !has && field.Type.Kind() != reflect.Pointer {
			required = append(required, name)
		}
	}
	schema := map[string]any{"type": "object", "properties": properties}
	if len(required) > 0 {
		schema["required"] = required
	}
	return schema, nil
}

// nameOf is the name of a field in JSON, whether it may be absent, and whether it is read at all.
func nameOf(field reflect.StructField) (string, bool, bool) {
	name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
	if name == "-" && options == "" || !field.IsExported() || field.Anonymous && name == "" {
		return "", false, false
	}
	if name == "" {
		name = field.Name
	}
	optional := strings.Contains(options, "omitempty") || strings.Contains(options, "omitzero")
	return name, optional, true
}

// addRules adds what the tags of a field say.
func addRules(schema map[string]any, field reflect.StructField) error {
	for _, rule := range []string{"description", "title", "pattern", "format"} {
		if text, has := field.Tag.Lookup(rule); has {
			schema[rule] = text
		}
	}
	for _, rule := range []string{"minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems"} {
		if text, has := field.Tag.Lookup(rule); has {
			if _, err := strconv.ParseFloat(text, 64); err != nil {
				return fmt.Errorf("the tag %s is a number, and not %q", rule, text)
			}
			schema[rule] = json.Number(text)
		}
	}
	if texts, has := field.Tag.Lookup("enum"); has {
		values := []any{}
		for _, text := range strings.Split(texts, ",") {
			values = append(values, jsonOf(field.Type, text))
		}
		schema["enum"] = values
	}
	return nil
}

// jsonOf is the value of a tag: a text for what is a text, JSON for everything else.
func jsonOf(of reflect.Type, text string) any {
	for of.Kind() == reflect.Pointer {
		of = of.Elem()
	}
	if of.Kind() != reflect.String && json.Valid([]byte(text)) {
		return json.RawMessage(text)
	}
	return text
}

// parametersOf reads parameters, with defaults for what is absent. Whole numbers keep all their digits, also where the type
// leaves open what they are.
func parametersOf[P any](text []byte, err error) (P, error) {
	var parameters P
	if err != nil {
		return parameters, err
	}
	if err := setDefaults(reflect.ValueOf(&parameters).Elem()); err != nil {
		return parameters, err
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&parameters); err != nil {
		return parameters, fmt.Errorf("the parameters: %w", err)
	}
	if _, err := decoder.Token(); err != io.EOF {
		return parameters, fmt.Errorf("the parameters: more follows behind them")
	}
	return parameters, nil
}

func setDefaults(value reflect.Value) error {
	if value.Kind() != reflect.Struct || value.Type() == moment {
		return nil
	}
	for number := range value.NumField() {
		field, about := value.Field(number), value.Type().Field(number)
		if !about.IsExported() {
			continue
		}
		text, has := about.Tag.Lookup("default")
		if !has {
			if err := setDefaults(field); err != nil {
				return err
			}
			continue
		}
		encoded, err := json.Marshal(jsonOf(about.Type, text))
		if err == nil {
			err = json.Unmarshal(encoded, field.Addr().Interface())
		}
		if err != nil {
			return fmt.Errorf("the default %q of %s: %w", text, about.Name, err)
		}
	}
	return nil
}
