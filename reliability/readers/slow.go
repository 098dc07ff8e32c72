package readers

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// Request is what a slow client asks for.
type Request struct {
	Operation string // with its service, as in X-Amz-Target
	Body      string

	// Trickle sends the body a byte at a time, one in a Pace, so that the
	// request never comes to its end.
	Trickle bool
}

// Crowd is a number of clients that are slow on purpose: each has a connection of its own
// with the smallest window there is, and takes (or sends) a byte in a Pace.
type Crowd struct {
	answering atomic.Int64 // clients that have the first byte of their answer
	ended     atomic.Int64 // whose connections the server has closed
	bytes     atomic.Int64 // of answers
	group     sync.WaitGroup
	conns     []net.Conn
	left      chan struct{} // closed by Leave
}

// Connect lets n clients, who share the requests among them, connect to the
// server one after the other, and go on until Leave. settled, if there is one, is called after each.
func Connect(addr string, n int, pace time.Duration, requests []Request, settled func(c *Crowd, clients int)) (*Crowd, error) {
	c := &Crowd{left: make(chan struct{})}
	for i := range n {
		conn, err := net.Dial("tcp", addr)
		if err != nil {
			return nil, errors.Join(err, c.Leave())
		}
		c.conns = append(c.conns, conn)
		if err := conn.(*net.TCPConn).SetReadBuffer(1); err != nil { // the kernel takes its least
			return nil, errors.Join(err, c.Leave())
		}
		c.group.Go(func() { c.client(conn, pace, requests[i%len(requests)]) })
		if settled != nil {
			settled(c, i+1)
		}
	}
	return c, nil
}

func (c *Crowd) client(conn net.Conn, pace time.Duration, r Request) {
	defer c.ended.Add(1)
	head := fmt.Sprintf("POST / HTTP/1.1\r\nHost: localhost\r\nX-Amz-Target: %s\r\nContent-Type: application/x-amz-json-1.0\r\nContent-Length: %d\r\n\r\n",
		r.Operation, len(r.Body))
	if r.Trickle {
		if _, err := conn.Write([]byte(head)); err != nil {
			return
		}
		for i := range len(r.Body) {
			if _, err := conn.Write([]byte{r.Body[i]}); err != nil {
				return
			}
			if !c.pause(pace) {
				return
			}
		}
	} else if _, err := conn.Write([]byte(head + r.Body)); err != nil {
		return
	}
	var one [1]byte
	for first := true; ; first = false {
		if _, err := conn.Read(one[:]); err != nil {
			return
		}
		c.bytes.Add(1)
		if first {
			c.answering.Add(1)
		}
		if !c.pause(pace) {
			return
		}
	}
}

// pause reports whether the client is to go on.
func (c *Crowd) pause(d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-c.left:
		return false
	}
}

// Answering returns how many clients have got a byte of their answer.
func (c *Crowd) Answering() int { return int(c.answering.Load()) }

// Ended returns how many clients have found their connection closed.
func (c *Crowd) Ended() int { return int(c.ended.Load()) }

// Bytes returns how many bytes of answers all clients have read.
func (c *Crowd) Bytes() int64 { return c.bytes.Load() }

// Leave closes the connections and waits for the clients.
func (c *Crowd) Leave() error {
	close(c.left)
	var errs []error
	for _, conn := range c.conns {
		errs = append(errs, conn.Close())
	}
	c.group.Wait()
	return errors.Join(errs...)
}
