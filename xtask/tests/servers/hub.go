// A chat hub on gorilla/websocket, as tutorials have them: whatever one client sends goes to all of them as text.
// Arguments: "hub" or "chat", and a port of this machine. A chat trims, turns newlines into spaces, joins what waits
// for a client with newlines, and closes on more than 512 bytes.
package main

import (
	"bytes"
	"log"
	"net/http"
	"os"
	"sync"

	"github.com/gorilla/websocket"
)

type client struct {
	conn  *websocket.Conn
	queue chan []byte
}

type hub struct {
	mutex   sync.Mutex
	clients map[*client]bool
	isChat  bool
}

func (h *hub) send(message []byte) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	for c := range h.clients {
		select {
		case c.queue <- message:
		default:
			delete(h.clients, c)
			close(c.queue)
		}
	}
}

func (h *hub) leave(c *client) {
	h.mutex.Lock()
	defer h.mutex.Unlock()
	if h.clients[c] {
		delete(h.clients, c)
		close(c.queue)
	}
}

func (h *hub) write(c *client) {
	defer c.conn.Close()
	for message := range c.queue {
		writer, err := c.conn.NextWriter(websocket.TextMessage)
		if err != nil {
			return
		}
		writer.Write(message)
		for waiting := len(c.queue); h.isChat && waiting > 0; waiting-- {
			writer.Write([]byte{'\n'})
			writer.Write(<-c.queue)
		}
		if writer.Close() != nil {
			return
		}
	}
}

func (h *hub) read(c *client) {
	defer h.leave(c)
	if h.isChat {
		c.conn.SetReadLimit(512)
	}
	for {
		_, message, err := c.conn.ReadMessage()
		if err != nil {
			return
		}
		if h.isChat {
			message = bytes.TrimSpace(bytes.ReplaceAll(message, []byte{'\n'}, []byte{' '}))
		}
		h.send(message)
	}
}

func main() {
	h := &hub{clients: map[*client]bool{}, isChat: os.Args[1] == "chat"}
	upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		conn, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		c := &client{conn, make(chan []byte, 256)}
		h.mutex.Lock()
		h.clients[c] = true
		h.mutex.Unlock()
		go h.write(c)
		h.read(c)
	})
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[2], nil))
}
