package server

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/statordb/stator/api"
)

// log writes the exchange's one record.
func (x *exchange) log() {
	level := slog.LevelDebug
	switch {
	case x.r.Context().Err() != nil: // the client has gone; whatever failed, failed for that
	case x.status >= 500:
		level = slog.LevelError
	case x.refused:
		level = slog.LevelInfo
	}
	logger := x.h.opt.Logger
	if !logger.Enabled(x.r.Context(), level) {
		return
	}
	attrs := make([]slog.Attr, 0, 9)
	attrs = append(attrs, slog.String("request_id", x.id))
	if x.op.Name != "" {
		attrs = append(attrs, slog.String("operation", x.op.Name))
	} else {
		attrs = append(attrs, slog.String("method", x.r.Method), slog.String("path", x.r.URL.Path))
		if target := x.header("X-Amz-Target"); target != "" {
			attrs = append(attrs, slog.String("target", target))
		}
	}
	if table := cmp.Or(x.table, tableOf(x.in)); table != "" { // in is there after a panic
		attrs = append(attrs, slog.String("table", table))
	}
	attrs = append(attrs, slog.Int("status", x.status))
	if !x.started.IsZero() {
		attrs = append(attrs, slog.Duration("duration", x.h.opt.Now().Sub(x.started).Round(time.Microsecond)))
	}
	if x.fault != nil {
		if e, ok := errors.AsType[*api.Error](x.fault); ok {
			attrs = append(attrs, slog.String("code", string(e.Code)))
		}
		attrs = append(attrs, slog.String("error", x.fault.Error()))
	}
	logger.LogAttrs(context.WithoutCancel(x.r.Context()), level, "request", attrs...)
}

// tableOf returns the name of the table that a request is about, "" when it is about none or several.
func tableOf(in api.Request) string {
	var name *string
	switch in := in.(type) {
	case *api.GetItemInput:
		name = in.TableName
	case *api.PutItemInput:
		name = in.TableName
	case *api.UpdateItemInput:
		name = in.TableName
	case *api.DeleteItemInput:
		name = in.TableName
	case *api.QueryInput:
		name = in.TableName
	case *api.ScanInput:
		name = in.TableName
	case *api.CreateTableInput:
		name = in.TableName
	case *api.DescribeTableInput:
		name = in.TableName
	case *api.UpdateTableInput:
		name = in.TableName
	case *api.DeleteTableInput:
		name = in.TableName
	case *api.BatchGetItemInput:
		if len(in.RequestItems) == 1 {
			for table := range in.RequestItems {
				return table
			}
		}
	case *api.BatchWriteItemInput:
		if len(in.RequestItems) == 1 {
			for table := range in.RequestItems {
				return table
			}
		}
	}
	if name == nil {
		return ""
	}
	return *name
}
