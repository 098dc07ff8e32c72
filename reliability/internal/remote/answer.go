package remote

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/statordb/stator/api"
	"github.com/statordb/stator/internal/wire"
)

// answer has the members of all answers that the tests look at.
type answer struct {
	Item, Attributes, LastEvaluatedKey wireItem
	Items                              []wireItem
	Count, ScannedCount                int32
	Responses                          json.RawMessage
}

func decodeAnswer(in api.Request, body []byte) (api.Response, error) {
	var a answer
	if err := json.Unmarshal(body, &a); err != nil {
		return nil, fmt.Errorf("answer of %s: %w", in.Operation(), err)
	}
	key, err := a.LastEvaluatedKey.Item()
	if err != nil {
		return nil, err
	}
	switch in.(type) {
	case *api.PutItemInput:
		return &api.PutItemOutput{Attributes: a.Attributes.Attributes}, nil
	case *api.UpdateItemInput:
		return &api.UpdateItemOutput{Attributes: a.Attributes.Attributes}, nil
	case *api.DeleteItemInput:
		return &api.DeleteItemOutput{Attributes: a.Attributes.Attributes}, nil
	case *api.GetItemInput:
		return &api.GetItemOutput{Item: a.Item.Attributes}, nil
	case *api.QueryInput:
		return &api.QueryOutput{Items: attributesOf(a.Items), Count: a.Count, ScannedCount: a.ScannedCount, LastEvaluatedKey: key}, nil
	case *api.ScanInput:
		return &api.ScanOutput{Items: attributesOf(a.Items), Count: a.Count, ScannedCount: a.ScannedCount, LastEvaluatedKey: key}, nil
	case *api.ExecuteStatementInput:
		return &api.ExecuteStatementOutput{Items: attributesOf(a.Items)}, nil
	case *api.BatchGetItemInput:
		var tables map[string][]wireItem
		if err := json.Unmarshal(a.Responses, &tables); err != nil {
			return nil, err
		}
		out := &api.BatchGetItemOutput{Responses: map[string][]api.Attributes{}}
		for name, items := range tables {
			out.Responses[name] = attributesOf(items)
		}
		return out, nil
	case *api.TransactGetItemsInput:
		var items []struct{ Item wireItem }
		if err := json.Unmarshal(a.Responses, &items); err != nil {
			return nil, err
		}
		out := &api.TransactGetItemsOutput{}
		for _, i := range items {
			out.Responses = append(out.Responses, api.ItemResponse{Item: i.Item.Attributes})
		}
		return out, nil
	case *api.TransactWriteItemsInput:
		return &api.TransactWriteItemsOutput{}, nil
	case *api.BatchWriteItemInput:
		return &api.BatchWriteItemOutput{}, nil
	}
	return nil, fmt.Errorf("remote: the answer of %s is not read", in.Operation())
}

func attributesOf(items []wireItem) []api.Attributes {
	all := make([]api.Attributes, len(items))
	for i, item := range items {
		all[i] = item.Attributes
	}
	return all
}

func decodeFailure(status int, body []byte) error {
	var f struct {
		Type                string `json:"__type"`
		Message             string `json:"message"`
		Item                wireItem
		CancellationReasons []struct {
			Code    string
			Message *string
			Item    wireItem
		}
	}
	if err := json.Unmarshal(body, &f); err != nil {
		return fmt.Errorf("status %d: %w: %s", status, err, body)
	}
	_, code, found := strings.Cut(f.Type, "#")
	if !found {
		code = f.Type
	}
	e := &api.Error{Code: api.Code(code), Message: f.Message, Item: f.Item.Attributes}
	for _, r := range f.CancellationReasons {
		e.CancellationReasons = append(e.CancellationReasons, api.CancellationReason{Code: r.Code, Message: r.Message, Item: r.Item.Attributes})
	}
	return e
}

// wireItem is an item in DynamoDB JSON. It is read as the server reads the item of a PutItem.
type wireItem struct{ api.Attributes }

// UnmarshalJSON implements json.Unmarshaler.
func (w *wireItem) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		return nil
	}
	op, _ := api.Lookup("PutItem")
	in, err := wire.Decode(op, append(append([]byte(`{"Item":`), b...), '}'))
	if err != nil {
		return err
	}
	w.Attributes = in.(*api.PutItemInput).Item
	return nil
}
