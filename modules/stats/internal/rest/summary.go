package rest

import (
	"context"
	"time"

	"shop/modules/stats"
)

type summaryInput struct {
	Period
	Bucket string `query:"bucket" enum:"minute,hour,day" default:"hour" doc:"How long a bucket is."`
	By     string `query:"by" enum:"action,user" doc:"What to tell apart within a bucket; left out: nothing."`
}

// Count is how many entries a bucket has.
type Count struct {
	From  time.Time `json:"from" doc:"Where the bucket begins." example:"2026-11-24T13:00:00Z"`
	Key   string    `json:"key,omitempty" maxLength:"100" doc:"The action, or the user's identifier; missing without by, and for entries that are nobody's." example:"product.viewed"`
	Count int64     `json:"count" minimum:"1" maximum:"9007199254740991" doc:"How many entries it has." example:"42"`
}

// Summary is the counts of a period.
type Summary struct {
	Items []Count `json:"items" nullable:"false" doc:"The counts, by time and key."`
}

type summaryOutput struct{ Body Summary }

func (h handlers) summary(ctx context.Context, in *summaryInput) (*summaryOutput, error) {
	found, err := h.service.Summary(ctx, stats.SummaryInput{
		From: in.From, To: in.To, Bucket: stats.Bucket(in.Bucket), By: stats.By(in.By), Action: in.Action,
	})
	if err != nil {
		return nil, err
	}
	return &summaryOutput{summaryOf(found)}, nil
}

func summaryOf(s stats.Summary) Summary {
	wire := Summary{Items: make([]Count, len(s.Counts))}
	for i, c := range s.Counts {
		wire.Items[i] = Count(c)
	}
	return wire
}

// value is the summary as the face has it.
func (s Summary) value() stats.Summary {
	value := stats.Summary{Counts: make([]stats.Count, len(s.Items))}
	for i, c := range s.Items {
		value.Counts[i] = stats.Count(c)
	}
	return value
}
