package awsapi

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"reflect"
	"strconv"
	"time"
)

// isoMillis is how RDS prints a time: ISO 8601, UTC, milliseconds.
const isoMillis = "2006-01-02T15:04:05.000Z"

// queryNamespace is the XML namespace of a service's answers.
func queryNamespace(service string) string {
	switch service {
	case "sts":
		return "https://sts.amazonaws.com/doc/2011-06-15/"
	default:
		return "http://rds.amazonaws.com/doc/2014-10-31/"
	}
}

// encode wraps the output's members as
// <OpResponse><OpResult>…</OpResult><ResponseMetadata>…; an output without
// members has no OpResult.
//
// Nil pointers, nil lists, empty strings and zero times are left out: a client
// reads an absent member as null. Booleans and numbers are always written, so a
// member that may be absent is a pointer.
func (q query) encode(r *Request, out any) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, `<%sResponse xmlns="%s">`, r.Operation, queryNamespace(r.Service))
	v := reflect.ValueOf(out)
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	switch {
	case v.Kind() == reflect.Struct && v.NumField() > 0:
		fmt.Fprintf(&b, "<%sResult>", r.Operation)
		if err := xmlStruct(&b, v); err != nil {
			return nil, fmt.Errorf("encode the answer to %s: %w", r.Operation, err)
		}
		fmt.Fprintf(&b, "</%sResult>", r.Operation)
	case v.IsValid() && v.Kind() != reflect.Struct && v.Kind() != reflect.Pointer:
		return nil, fmt.Errorf("encode the answer to %s: %T is not a struct", r.Operation, out)
	}
	b.WriteString("<ResponseMetadata>")
	xmlText(&b, "RequestId", r.ID)
	fmt.Fprintf(&b, "</ResponseMetadata></%sResponse>", r.Operation)
	return b.Bytes(), nil
}

func (q query) encodeError(r *Request, e *Error) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, `<ErrorResponse xmlns="%s"><Error>`, queryNamespace(r.Service))
	kind := "Sender"
	if e.HTTPStatus() >= 500 {
		kind = "Receiver"
	}
	xmlText(&b, "Type", kind)
	xmlText(&b, "Code", e.Code)
	xmlText(&b, "Message", e.Message)
	b.WriteString("</Error>")
	xmlText(&b, "RequestId", r.ID)
	b.WriteString("</ErrorResponse>")
	return b.Bytes()
}

// xmlText writes one element; characters that XML 1.0 cannot hold become
// U+FFFD.
func xmlText(b *bytes.Buffer, name, text string) {
	b.WriteString("<" + name + ">")
	xml.EscapeText(b, []byte(text)) // a bytes.Buffer takes every write
	b.WriteString("</" + name + ">")
}

func xmlStruct(b *bytes.Buffer, v reflect.Value) error {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if !f.IsExported() || xmlAbsent(v.Field(i)) {
			continue
		}
		if err := xmlValue(b, f.Name, f.Tag.Get("member"), v.Field(i)); err != nil {
			return err
		}
	}
	return nil
}

func xmlAbsent(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Slice:
		return v.IsNil()
	case reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return v.Type().ConvertibleTo(timeType) && v.IsZero()
	}
	return false
}

func xmlValue(b *bytes.Buffer, name, member string, v reflect.Value) error {
	switch {
	case v.Kind() == reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return xmlValue(b, name, member, v.Elem())
	case v.Type().ConvertibleTo(timeType):
		t := v.Convert(timeType).Interface().(time.Time)
		xmlText(b, name, t.UTC().Format(isoMillis))
		return nil
	case v.Type() == bytesType:
		xmlText(b, name, base64.StdEncoding.EncodeToString(v.Bytes()))
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		xmlText(b, name, v.String())
	case reflect.Bool:
		xmlText(b, name, strconv.FormatBool(v.Bool()))
	case reflect.Int, reflect.Int32, reflect.Int64:
		xmlText(b, name, strconv.FormatInt(v.Int(), 10))
	case reflect.Float32, reflect.Float64:
		xmlText(b, name, strconv.FormatFloat(v.Float(), 'g', -1, 64))
	case reflect.Slice:
		if member == "" {
			member = "member"
		}
		b.WriteString("<" + name + ">")
		for i := range v.Len() {
			if err := xmlValue(b, member, "", v.Index(i)); err != nil {
				return err
			}
		}
		b.WriteString("</" + name + ">")
	case reflect.Struct:
		b.WriteString("<" + name + ">")
		if err := xmlStruct(b, v); err != nil {
			return err
		}
		b.WriteString("</" + name + ">")
	default:
		return fmt.Errorf("member %s: no XML form for %s", name, v.Type())
	}
	return nil
}
