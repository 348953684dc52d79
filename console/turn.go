package console

import "context"

// turn is a lock that a context can stop waiting for. It may be held over
// requests, where a mutex would keep others waiting beyond their own deadline.
type turn chan struct{}

func newTurn() turn { return make(turn, 1) }

func (t turn) take(ctx context.Context) error {
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (t turn) pass() { <-t }
