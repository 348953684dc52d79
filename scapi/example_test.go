package scapi_test

import (
	"context"
	"errors"
	"fmt"
	"log"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
	"github.com/securitycenter-exporter/securitycenter_exporter/scapi/sctest"
)

// analyst returns a client of a simulated console that ends with stop.
func analyst() (client *scapi.Client, stop func()) {
	console, err := sctest.Listen(sctest.Options{Version: "6.4.0"})
	if err != nil {
		log.Fatal(err)
	}
	client, err = scapi.New(scapi.Options{
		URL: console.URL,
		Credentials: func() (scapi.Credentials, error) {
			return scapi.Credentials{Username: sctest.AnalystUsername, Password: sctest.AnalystPassword}, nil
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	return client, console.Close
}

// One request of one row counts hosts and findings, however many there are.
func ExampleClient_Summary() {
	client, stop := analyst()
	defer stop()
	ctx := context.Background()

	all, err := client.Summary(ctx, scapi.Query{})
	if err != nil {
		fmt.Println(err)
		return
	}
	one, err := client.Summary(ctx, scapi.Query{Filters: []scapi.Filter{scapi.ByRepository("1")}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(all.Records, "hosts")
	fmt.Println("fewer in one repository:", one.Records < all.Records && one.Findings.Total() < all.Findings.Total())
	// Output:
	// 200 hosts
	// fewer in one repository: true
}

// Rows are read page by page; leaving the loop ends the reading.
func ExampleClient_Rows() {
	client, stop := analyst()
	defer stop()

	query := scapi.Query{
		Tool:     "vulndetails",
		Filters:  []scapi.Filter{scapi.BySeverity(scapi.High, scapi.Critical)},
		PageSize: 50,
		Limit:    120,
	}
	n := 0
	for row, err := range client.Rows(context.Background(), query) {
		if err != nil {
			fmt.Println(err)
			return
		}
		if severity, ok := row.Severity().Get(); !ok || severity < scapi.High || row.String("ip") == "" {
			fmt.Printf("not asked for: %s\n", row.Raw)
		}
		n++
	}
	fmt.Println(n, "findings")
	// Output: 120 findings
}

// What a dialect or version has no equivalent for is told apart from failures.
func ExampleClient_Jobs() {
	client, stop := analyst()
	defer stop()

	_, err := client.Jobs(context.Background())
	switch {
	case errors.Is(err, scapi.ErrUnsupported):
		fmt.Println("this console has no such call")
	case scapi.IsPermission(err):
		fmt.Println("this account may not see the job queue")
	case err != nil:
		fmt.Println(err)
		return
	}
	// Output: this account may not see the job queue
}

// Every host with its findings by severity, in constant memory.
func ExampleClient_Hosts() {
	client, stop := analyst()
	defer stop()

	hosts, critical := 0, int64(0)
	for host, err := range client.Hosts(context.Background(), scapi.Query{Sort: "score", Direction: scapi.Descending}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		hosts++
		critical += host.Counts.Value[scapi.Critical]
	}
	fmt.Println(hosts, "hosts, with critical findings:", critical > 0)
	// Output: 200 hosts, with critical findings: true
}

// A function gets page after page of a result that would not fit into memory.
func ExampleClient_QueryPages() {
	client, stop := analyst()
	defer stop()

	rows := 0
	err := client.QueryPages(context.Background(), scapi.Query{Tool: "sumip", PageSize: 80}, func(page scapi.Page) error {
		rows += len(page.Rows)
		fmt.Printf("%d of %d\n", rows, page.Total.Value)
		return nil // an error would end the query
	})
	if err != nil {
		fmt.Println(err)
	}
	// Output:
	// 80 of 200
	// 160 of 200
	// 200 of 200
}

// Log events are queried like findings, with tools and filters of their own.
func ExampleClient_Query_events() {
	client, stop := analyst()
	defer stop()

	types, err := client.Query(context.Background(), scapi.Query{
		Source:  scapi.Events,
		Tool:    "sumtype",
		Filters: []scapi.Filter{{Name: "type", Value: "intrusion"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, row := range types {
		fmt.Println(row.String("type"), row.Int("count").Value > 100)
	}
	// Output: intrusion true
}
