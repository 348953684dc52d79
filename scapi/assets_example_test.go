package scapi_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/securitycenter-exporter/securitycenter_exporter/scapi"
)

// The addresses of a static list are replaced; its name, description and
// whatever else it has stay as they are.
func ExampleClient_UpdateAsset() {
	client, stop := analyst()
	defer stop()
	ctx := context.Background()

	lists, err := client.Assets(ctx)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, list := range lists {
		if list.Name != "Headquarters" {
			continue
		}
		list, err := client.UpdateAsset(ctx, list.ID, scapi.AssetUpdate{
			IPs: scapi.Some([]string{"10.0.0.0/23", "10.0.9.1-10.0.9.20"}),
		})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(list.Name, list.IPs)
	}
	_, err = client.UpdateAsset(ctx, "4711", scapi.AssetUpdate{Name: scapi.Some("Nowhere")})
	fmt.Println(errors.Is(err, scapi.ErrNotFound))
	// Output:
	// Headquarters [10.0.0.0/23 10.0.9.1-10.0.9.20]
	// true
}
